"""Look up once when an Axis system last sent footage of each camera: it is all that is heard of such a camera."""

from django.db import migrations

LOOK_UP = """
    UPDATE fleet_camera SET last_contact_at = sent.last_at, last_contact = 'axis'
    FROM (
        SELECT camera_id, max(completed_at) AS last_at
        FROM intake_container JOIN recordings_recording ON recordings_recording.id = recording_id
        WHERE intake_container.source = 'axis' AND camera_id IS NOT NULL AND completed_at IS NOT NULL
        GROUP BY camera_id
    ) AS sent
    WHERE sent.camera_id = fleet_camera.id AND (last_contact_at IS NULL OR last_contact_at < last_at)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('fleet', '0007_contacts_and_installation'),
        ('intake', '0007_folders_and_names'),
        ('recordings', '0003_true_time_and_wholeness'),
    ]

    operations = [
        migrations.RunSQL(LOOK_UP, migrations.RunSQL.noop),
    ]
