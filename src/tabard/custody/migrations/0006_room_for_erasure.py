"""Details are erased with a recording, and no indexed column of their row changes: pages keep room for it.

A row that is changed keeps its entries in every index when its new version fits on its page and no indexed column
changed (heap-only tuples, PostgreSQL's manual 73.7). Rows written before this stay where they are until
`VACUUM FULL`.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("custody", "0005_no_index_by_actor")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE custody_eventparticulars SET (fillfactor = 80)",
            "ALTER TABLE custody_eventparticulars RESET (fillfactor)",
        ),
    ]
