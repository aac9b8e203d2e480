"""Nobody asks for events by who acted alone, and each event paid for being found so."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("custody", "0004_cheaper_events")]

    operations = [
        migrations.RemoveIndex(model_name="eventparticulars", name="custody_event_by_actor"),
    ]
