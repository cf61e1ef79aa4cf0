from typing import Literal, cast

ReportItemType = Literal['cancelled', 'completed', 'failed', 'log', 'lost', 'progress', 'released', 'snoozed']

REPORT_ITEM_TYPE_VALUES: set[ReportItemType] = { 'cancelled', 'completed', 'failed', 'log', 'lost', 'progress', 'released', 'snoozed',  }

def check_report_item_type(value: str) -> ReportItemType:
    """The value as it came: a newer server may know values that this client does not."""
    return cast(ReportItemType, value)
