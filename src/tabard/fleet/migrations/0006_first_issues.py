"""Keep with each camera on which day it was first given out, and look it up once for those that were."""

from django.db import migrations, models

LOOK_UP = """
    UPDATE fleet_camera SET first_issued_date = (first.issued_at AT TIME ZONE 'Europe/London')::date
    FROM (SELECT camera_id, min(lower(during)) AS issued_at FROM fleet_assignment GROUP BY camera_id) AS first
    WHERE first.camera_id = fleet_camera.id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('fleet', '0005_issue_loss_stocktake'),
    ]

    operations = [
        migrations.AddField(
            model_name='camera',
            name='first_issued_date',
            field=models.DateField(editable=False, null=True),
        ),
        migrations.RunSQL(LOOK_UP, migrations.RunSQL.noop),
    ]
