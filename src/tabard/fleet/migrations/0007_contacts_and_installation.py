"""Keep with each camera when it was last heard of, and when each dock was installed; look up who was docked when."""

from django.db import migrations, models


LOOK_UP = """
    UPDATE fleet_camera SET last_contact_at = seen.last_at, last_contact = 'dock'
    FROM (SELECT camera_id, max(seen_at) AS last_at FROM fleet_dockedcamera GROUP BY camera_id) AS seen
    WHERE seen.camera_id = fleet_camera.id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('fleet', '0006_first_issues'),
        ('people', '0002_account_unit'),
    ]

    operations = [
        migrations.AddField(
            model_name='camera',
            name='last_contact',
            field=models.CharField(blank=True, choices=[('dock', 'Dock'), ('axis', 'Axis')], db_default='', default='', max_length=8),
        ),
        migrations.AddField(
            model_name='camera',
            name='last_contact_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='dock',
            name='installed_date',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name='camera',
            index=models.Index(fields=['last_contact_at', 'serial'], name='fleet_camera_contact'),
        ),
        migrations.AddConstraint(
            model_name='camera',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('last_contact', ''), ('last_contact_at__isnull', True)), models.Q(('last_contact_at__isnull', False), models.Q(('last_contact', ''), _negated=True)), _connector='OR'), name='fleet_camera_contact_whole'),
        ),
        migrations.RunSQL(LOOK_UP, migrations.RunSQL.noop),
    ]
