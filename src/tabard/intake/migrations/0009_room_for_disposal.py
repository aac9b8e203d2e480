"""A disposal changes each of these rows and none of their indexed columns: pages keep room for it.

A row that is changed keeps its entries in every index when its new version fits on its page and no indexed column
changed (heap-only tuples, PostgreSQL's manual 73.7). Rows written before this stay where they are until
`VACUUM FULL`.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("intake", "0008_footage_by_axis")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE intake_container SET (fillfactor = 60)",
            "ALTER TABLE intake_container RESET (fillfactor)",
        ),
        migrations.RunSQL(
            "ALTER TABLE intake_receivedobject SET (fillfactor = 60)",
            "ALTER TABLE intake_receivedobject RESET (fillfactor)",
        ),
    ]
