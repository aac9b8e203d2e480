"""Which columns does a CSV file of cameras have?"""

from tabard.kernel.sheet import Layout

CAMERAS = Layout(
    required=("serial", "make", "model", "mount", "unit_code"),
    optional=("shoulder_number", "received_date", "issued_date", "warranty_end_date", "firmware", "profile"),
    row_is="camera",
)
