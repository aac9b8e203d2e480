"""What may stand in a cell of a sheet that people will open in a spreadsheet?"""

BYTE_ORDER_MARK = "\ufeff"  # without it, spreadsheets read accents wrongly
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def inert(cell: str) -> str:
    """The cell, with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
