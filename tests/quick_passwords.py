"""How are passwords kept in tests? As in use, by argon2, but without the memory and time that it costs on purpose.

Thousands of tests open accounts. What a password costs in use is tried in `tests/integration/people/test_accounts.py`.
"""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    """The least that argon2 allows."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
