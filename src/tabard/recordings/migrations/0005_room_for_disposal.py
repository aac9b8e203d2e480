"""A disposal changes each of these rows and none of their indexed columns: pages keep room for it.

A row that is changed keeps its entries in every index when its new version fits on its page and no indexed column
changed (heap-only tuples, PostgreSQL's manual 73.7). Rows written before this stay where they are until
`VACUUM FULL`.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("recordings", "0004_no_index_twice")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE recordings_recording SET (fillfactor = 60)",
            "ALTER TABLE recordings_recording RESET (fillfactor)",
        ),
        migrations.RunSQL(
            "ALTER TABLE recordings_segment SET (fillfactor = 60)",
            "ALTER TABLE recordings_segment RESET (fillfactor)",
        ),
    ]
