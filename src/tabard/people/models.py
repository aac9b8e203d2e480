"""Who works here: units as a tree, officers and their postings over time, accounts and their roles."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models.functions import Lower, Upper

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
    code = models.CharField(max_length=24)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="force", parent__isnull=True)
                | (~models.Q(kind="force") & models.Q(parent__isnull=False)),
                name="people_unit_only_force_is_root",
            ),
            models.UniqueConstraint(Upper("code"), name="people_unit_code_unique"),
            # The relation "in the same force" means every row; a second force would be reached by the first.
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(kind="force"), name="people_unit_one_force"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Officer(models.Model):
    """A police officer or member of staff who may wear a camera."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    given_name = models.CharField(max_length=80)
    family_name = models.CharField(max_length=80)
    rank = models.CharField(max_length=40)
    warrant_number = models.CharField(max_length=24)
    shoulder_number = models.CharField(max_length=24)

    class Meta:
        ordering = ["family_name", "given_name"]
        constraints = [
            models.UniqueConstraint(Upper("warrant_number"), name="people_officer_warrant_number_unique"),
            models.UniqueConstraint(Upper("shoulder_number"), name="people_officer_shoulder_number_unique"),
        ]

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
            ),
            # An empty range overlaps nothing, so it would slip past the exclusion.
            models.CheckConstraint(
                condition=models.Q(during__isempty=False, during__lower_inf=False),
                name="people_posting_lasts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.officer_id} at {self.unit_id}"


class Account(AbstractBaseUser):
    """Someone who can sign in. What they may do comes from their role grants and their officer's posting.

    `unit` is for an account that is no officer's and acts for one unit, as a kiosk at its desk.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    username = models.CharField(max_length=64, unique=True)
    display_name = models.CharField(max_length=120)
    officer = models.OneToOneField(Officer, models.PROTECT, null=True, blank=True, related_name="account")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = BaseUserManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(username=Lower("username")), name="people_account_lower_case"
            ),
        ]

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


class SignInAttempts(models.Model):
    """How often one user name was tried in vain since `since_at`; gone after a success.

    A table and not a count of custody events: it counts every try before the password is looked at, so tries made
    at the same moment cannot slip past the limit, and it treats names that do not exist like those that do. `key`
    is a keyed hash, because people type passwords into the wrong box.
    """

    key = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveSmallIntegerField()
    since_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.failures} since {self.since_at:%H:%M}"
