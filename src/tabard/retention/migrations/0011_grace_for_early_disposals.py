"""An early disposal waits the days of grace after its last approval, unless it was asked for at once.

What was approved before goes as it was agreed to: at once.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("retention", "0010_spared_disposals")]

    operations = [
        migrations.AddField(
            model_name="earlydisposal",
            name="at_once",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="earlydisposal",
            name="executes_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunSQL(
            "UPDATE retention_earlydisposal SET at_once = true, executes_at = requested_at"
            " WHERE state IN ('approved', 'executed')",
            migrations.RunSQL.noop,
        ),
    ]
