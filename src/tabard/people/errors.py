"""What can go wrong with units, officers and accounts."""

from tabard.kernel.errors import Conflict, Denied


class AlreadyKnown(Conflict):
    """The code, number or name is taken; `fields["field"]` names it."""

    code = "already_known"


class PostingConflict(Conflict):
    """The officer's postings over time do not allow this one."""

    code = "posting_conflict"


class RoleConflict(Conflict):
    """The account already holds the role, or does not hold it."""

    code = "role_conflict"


class ImportOvertaken(Conflict):
    """While the file was checked, someone else brought in what one of its rows names; nothing was imported."""

    code = "import_overtaken"


class SignInFailed(Denied):
    """User name and password do not belong to a working account. Which of the two is wrong is never said.

    Its custody event is already committed when it is raised; it is not to be recorded again as a refused access.
    """

    code = "sign_in_failed"


class SignInLocked(SignInFailed):
    """The user name was tried too often in vain and is refused for a while, whatever the password."""

    code = "sign_in_locked"
