"""Evidence packs that were built, with what they contain by hash."""

from uuid import UUID

from django.db import models

from tabard.disclosure.bag import plain_name
from tabard.incidents.models import Exhibit
from tabard.kernel.ids import new_id
from tabard.people.models import Account
from tabard.vault.models import SealedObject


class Pack(models.Model):
    """One evidence pack for one exhibit, sealed like everything else; `object.sha256` is the hash of its zip."""

    class State(models.TextChoices):
        """How far it is."""

        REQUESTED = "requested", "Being built"
        BUILT = "built", "Ready"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    exhibit = models.ForeignKey(Exhibit, models.PROTECT, related_name="packs")
    state = models.CharField(max_length=16, choices=State, default=State.REQUESTED)
    reason = models.TextField(blank=True)
    object = models.OneToOneField(SealedObject, models.PROTECT, null=True, related_name="pack")
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    built_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="built") | models.Q(object__isnull=False),
                name="disclosure_built_has_object",
            )
        ]

    def __str__(self) -> str:
        return f"pack of {self.exhibit_id}"

    @property
    def officer_id(self) -> UUID:
        """A pack belongs to whom its exhibit belongs to."""
        return self.exhibit.officer_id

    @property
    def unit_id(self) -> UUID | None:
        """A pack belongs to the unit its exhibit belongs to."""
        return self.exhibit.unit_id

    @property
    def folder(self) -> str:
        """The one folder in the zip; RFC 8493 asks that the zip bears the same name."""
        return f"{plain_name(self.exhibit.reference.replace('/', '-'))}-pack-{self.id.hex[-8:]}"

    @property
    def file_name(self) -> str:
        """What to call the zip when it is handed out."""
        return f"{self.folder}.zip"
