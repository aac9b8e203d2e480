"""What does safekeeping have to remember? Which copies of the keys exist, and until when."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tabard.kernel.ids import new_id


class KeyBackup(models.Model):
    """One copy of the keys apart from everything else; alive until it is pruned, whatever its expiry says.

    `place` is where it was written, for people. `key_ids` are the key-encryption keys that it holds.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    place = models.CharField(max_length=1000)
    key_ids = ArrayField(models.CharField(max_length=32))
    pruned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("made_at")),
                name="safekeeping_backup_expires_later",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                name="safekeeping_live_backups",
                condition=models.Q(pruned_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"keys of {self.made_at:%Y-%m-%d} in {self.place}"
