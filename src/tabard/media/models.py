"""What looking into a segment told us, and what we derived from it to show it."""

from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from tabard.kernel.ids import new_id
from tabard.recordings.models import Clip, Segment
from tabard.vault.models import SealedObject


class Probe(models.Model):
    """What the decoder jail found in a segment, or why it could not be decoded."""

    segment = models.OneToOneField(Segment, models.PROTECT, primary_key=True, related_name="probe")
    is_decodable = models.BooleanField()
    is_browser_playable = models.BooleanField()
    reason = models.TextField(blank=True)
    duration_s = models.FloatField(null=True)
    facts = models.JSONField(default=dict)
    probed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"probe of {self.segment_id}"


class Derivative(models.Model):
    """A sealed copy that helps to look at a segment: a poster, a thumbnail strip, or a playable rendition."""

    class Kind(models.TextChoices):
        """What it is for."""

        POSTER = "poster", "Poster"
        STRIP = "strip", "Thumbnail strip"
        RENDITION = "rendition", "Playable rendition"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="derivatives")
    kind = models.CharField(max_length=16, choices=Kind)
    object = models.OneToOneField(SealedObject, models.PROTECT, related_name="derivative")
    content_type = models.CharField(max_length=64)
    facts = models.JSONField(default=dict)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["segment", "kind"], name="media_one_derivative_of_a_kind")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.segment_id}"


class PacketTree(models.Model):
    """Every coded packet of a segment as a sealed list, and the root of the tree over it; the log holds the root."""

    segment = models.OneToOneField(Segment, models.PROTECT, primary_key=True, related_name="packet_tree")
    packet_count = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    object = models.OneToOneField(SealedObject, models.PROTECT, related_name="packet_tree")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(Exact(Length("root"), 32)), name="media_packet_root_has_32_bytes"
            ),
            models.CheckConstraint(
                condition=models.Q(packet_count__gt=0), name="media_packet_tree_has_packets"
            ),
        ]

    def __str__(self) -> str:
        return f"packets of {self.segment_id}"


class ClipPackets(models.Model):
    """The sealed proof that a clip's packets are its segment's, in unbroken order, or the reason why there is none."""

    clip = models.OneToOneField(Clip, models.PROTECT, primary_key=True, related_name="packets")
    object = models.OneToOneField(SealedObject, models.PROTECT, null=True, related_name="clip_packets")
    reason = models.TextField(blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(object__isnull=False, reason="")
                | models.Q(models.Q(object__isnull=True), ~models.Q(reason="")),
                name="media_clip_proof_or_reason",
            )
        ]

    def __str__(self) -> str:
        return f"packets of {self.clip_id}"
