"""Who works here: units as a tree, officers and their postings over time, accounts and their roles."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models

from tabard.kernel.ids import new_id
from tabard.people.rules import Role


class Unit(models.Model):
    """A force, a borough or specialist command, or a team; the force is the only one without a parent."""

    class Kind(models.TextChoices):
        """What sort of unit it is."""

        FORCE = "force", "Force"
        BOROUGH_COMMAND = "borough_command", "Borough command"
        SPECIALIST_COMMAND = "specialist_command", "Specialist command"
        TEAM = "team", "Team"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    kind = models.CharField(max_length=24, choices=Kind)
    code = models.CharField(max_length=24, unique=True)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="force", parent__isnull=True)
                | (~models.Q(kind="force") & models.Q(parent__isnull=False)),
                name="people_unit_only_force_is_root",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Officer(models.Model):
    """A police officer or member of staff who may wear a camera."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    given_name = models.CharField(max_length=80)
    family_name = models.CharField(max_length=80)
    rank = models.CharField(max_length=40)
    warrant_number = models.CharField(max_length=24, unique=True)
    shoulder_number = models.CharField(max_length=24, unique=True)

    class Meta:
        ordering = ["family_name", "given_name"]

    def __str__(self) -> str:
        return f"{self.rank} {self.given_name} {self.family_name} ({self.shoulder_number})"

    @property
    def initials(self) -> str:
        """The initials of an exhibit reference: given name first, upper case (`LB`)."""
        words = f"{self.given_name} {self.family_name}".replace("-", " ").split()
        return "".join(word[0] for word in words).upper()


class Posting(models.Model):
    """Which unit an officer belonged to, when; one at a time."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    officer = models.ForeignKey(Officer, models.PROTECT, related_name="postings")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="postings")
    during = DateTimeRangeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="people_posting_one_at_a_time",
                expressions=[("officer", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            )
        ]

    def __str__(self) -> str:
        return f"{self.officer_id} at {self.unit_id}"


class Account(AbstractBaseUser):
    """Someone who can sign in. What they may do comes from their role grants and their officer's posting."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    username = models.CharField(max_length=64, unique=True)
    display_name = models.CharField(max_length=120)
    officer = models.OneToOneField(Officer, models.PROTECT, null=True, blank=True, related_name="account")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[BaseUserManager["Account"]] = BaseUserManager()

    def __str__(self) -> str:
        return self.username


class RoleGrant(models.Model):
    """A role that an account holds. The history of grants is in the custody log."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="grants")
    role = models.CharField(max_length=32, choices=[(role.value, role.label) for role in Role])
    granted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "role"], name="people_role_granted_once"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} is {self.role}"
