from typing import Literal, cast

DigestTroubleItem = Literal['redis', 'store']

DIGEST_TROUBLE_ITEM_VALUES: set[DigestTroubleItem] = { 'redis', 'store',  }

def check_digest_trouble_item(value: str) -> DigestTroubleItem:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(DigestTroubleItem, value)
