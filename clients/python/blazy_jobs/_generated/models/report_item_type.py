from typing import Literal

ReportItemType = Literal['cancelled', 'completed', 'failed', 'log', 'lost', 'progress', 'released', 'snoozed']

REPORT_ITEM_TYPE_VALUES: set[ReportItemType] = { 'cancelled', 'completed', 'failed', 'log', 'lost', 'progress', 'released', 'snoozed',  }

def check_report_item_type(value: str) -> ReportItemType:
    if value in REPORT_ITEM_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {REPORT_ITEM_TYPE_VALUES!r}")
