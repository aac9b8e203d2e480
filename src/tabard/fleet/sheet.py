"""Which columns does a CSV file of cameras have, and one of trainings?"""

from tabard.kernel.sheet import Layout

CAMERAS = Layout(
    required=("serial", "make", "model", "mount", "unit_code"),
    optional=("shoulder_number", "received_date", "issued_date", "warranty_end_date", "firmware", "profile"),
    row_is="camera",
)

TRAININGS = Layout(
    required=("shoulder_number", "duty", "trained_date"), optional=("expires_date",), row_is="training"
)
