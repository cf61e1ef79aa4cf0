from docs import state_machine


def test_the_page_is_what_the_table_of_moves_says() -> None:
    assert state_machine.PAGE.read_text() == state_machine.text()


def test_every_verb_is_explained() -> None:
    assert state_machine.VERBS.keys() == state_machine.MOVES.keys()
