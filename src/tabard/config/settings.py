"""Django's settings, all from the environment; every default is right for one machine.

TABARD_HOME       the data folder (default ./var)
DATABASE_URL      a PostgreSQL of your own; else the embedded one of TABARD_HOME
TABARD_STORE_URL  where sealed objects go (default the folder vault/ in TABARD_HOME)
TABARD_STORE_B_URL  a second store with credentials of its own (TABARD_STORE_B_AWS_ACCESS_KEY_ID and the like)
TABARD_STORE_LOCK_DAYS  for how many days at least every store must lock what it holds (default 0: not asked)
TABARD_OWNER_DATABASE_URL  the role that owns the tables and migrates them, where DATABASE_URL names one that does not
TABARD_WITNESS_POLICY  a file that says which witnesses are asked and how many a receipt needs (default: none)
TABARD_TSA_URL    an RFC 3161 time-stamping authority; TABARD_TSA_CHAIN is the PEM file of its certificates
TABARD_TSA_EVERY_S  at most one timestamp in so many seconds (default 600)
TABARD_ACCESS_REASON  "required", "prompted" (default) or "off": is a reason asked before footage is shown?
TABARD_KEY_QUORUM  how many people, the one who asks included, it takes to make footage unreadable early (default 2)
TABARD_DOOR_URL   where body-worn systems reach the door, as their connection files say (default this machine)
TABARD_DOOR_CHAIN  the PEM certificates that connection files carry, where a proxy ends TLS (default: the door's own)
TABARD_LOW_WATER_BYTES  how much stays free on the disk of a store in a folder, and of the spool; the door takes no
                  more (default 1 GiB)
TABARD_SILENCE_H  after how many hours without a sign a transfer that never ended is listed (default 24)
TABARD_DOOR_TLS_CERT, TABARD_DOOR_TLS_KEY  the door's PEM certificate and key (default: the pair that
                  `tabard intake door-certificate` made, if it did)
TABARD_READ_ARRIVALS_WITHIN_S  how long what came from a dock or a folder may wait for the decoder jail before it
                  becomes a recording without what its files say (default 900)
TABARD_CLOSE_ARRIVALS_AFTER_S  after how long a silence a transfer that nobody ended counts as ended (default 7 days)
TABARD_SPOOL      where files of docks arrive, sealed, until they are whole (default: beside the first store)
TABARD_DOCK_UPLOADS, TABARD_DOCK_UPLOAD_BYTES, TABARD_DOCK_BYTES  how many files one dock may have under way (default
                  16), how large one may be (64 GiB), and all of them together (256 GiB)
TABARD_UPLOAD_DAYS  after how many days without a byte an upload is given up (default 7)
TABARD_HOSTS      comma-separated host names that browsers use (default the loopback names)
TABARD_HTTPS      "1" behind TLS: secure cookies and HSTS
TABARD_STORAGE_PRICE_PER_TB_MONTH  what a terabyte of storage costs a month, in pounds; unset, no money is shown
TABARD_FORCE      the force's name, as screens show it
"""

import os
from importlib.metadata import version

from tabard.cli.door_tls import door_tls
from tabard.cli.home import Home, database_url, owner_url
from tabard.config.database import django_database
from tabard.config.secrets import secret_key
from tabard.people.access_reasons import asking

_home = Home.from_environ()
TABARD_HOME = _home.root
TABARD_VERSION = version("tabard")
TABARD_FORCE = os.environ.get("TABARD_FORCE", "Metropolitan Police (simulated)")
TABARD_STORE_URL = os.environ.get("TABARD_STORE_URL") or _home.vault.as_uri()
TABARD_STORE_B_URL = os.environ.get("TABARD_STORE_B_URL", "")
TABARD_STORE_LOCK_DAYS = int(os.environ.get("TABARD_STORE_LOCK_DAYS") or "0")
TABARD_WITNESS_POLICY = os.environ.get("TABARD_WITNESS_POLICY", "")
TABARD_TSA_URL = os.environ.get("TABARD_TSA_URL", "")
TABARD_TSA_CHAIN = os.environ.get("TABARD_TSA_CHAIN", "")
TABARD_TSA_EVERY_S = float(os.environ.get("TABARD_TSA_EVERY_S") or "600")
# Checked here, so that nothing starts under a rule that nobody chose.
TABARD_ACCESS_REASON = asking(os.environ.get("TABARD_ACCESS_REASON") or "prompted").value
_PRICE = os.environ.get("TABARD_STORAGE_PRICE_PER_TB_MONTH", "")
TABARD_STORAGE_PRICE_PER_TB_MONTH = float(_PRICE) if _PRICE else None
TABARD_KEY_QUORUM = int(os.environ.get("TABARD_KEY_QUORUM", "2"))
TABARD_LOG_ORIGIN = os.environ.get("TABARD_LOG_ORIGIN", "")
_door_tls = door_tls(_home)
TABARD_DOOR_CHAIN = os.environ.get("TABARD_DOOR_CHAIN") or (str(_door_tls.certificate) if _door_tls else "")
TABARD_LOW_WATER_BYTES = int(os.environ.get("TABARD_LOW_WATER_BYTES") or str(2**30))
TABARD_SILENCE_H = float(os.environ.get("TABARD_SILENCE_H") or "24")
TABARD_DOOR_URL = os.environ.get("TABARD_DOOR_URL") or f"http{'s' if _door_tls else ''}://127.0.0.1:8001"
TABARD_ACCEPT_MISSING_WALLS = os.environ.get("TABARD_ACCEPT_MISSING_WALLS") == "1"
TABARD_READ_ARRIVALS_WITHIN_S = float(os.environ.get("TABARD_READ_ARRIVALS_WITHIN_S") or "900")
TABARD_CLOSE_ARRIVALS_AFTER_S = float(os.environ.get("TABARD_CLOSE_ARRIVALS_AFTER_S") or str(7 * 86_400))
TABARD_SPOOL = os.environ.get("TABARD_SPOOL", "")
TABARD_DOCK_UPLOADS = int(os.environ.get("TABARD_DOCK_UPLOADS") or "16")
TABARD_DOCK_UPLOAD_BYTES = int(os.environ.get("TABARD_DOCK_UPLOAD_BYTES") or str(64 * 2**30))
TABARD_DOCK_BYTES = int(os.environ.get("TABARD_DOCK_BYTES") or str(256 * 2**30))
TABARD_UPLOAD_DAYS = float(os.environ.get("TABARD_UPLOAD_DAYS") or "7")
TABARD_EVENT_ROUTER = "tabard.jobs.routes.dispatch"
PROCRASTINATE_IMPORT_PATHS = [
    "tabard.jobs.questions"
]  # beside every app's `tasks`, which are found by their name
TABARD_DAMAGE_REPORT = "tabard.jobs.damage.report"

SECRET_KEY = os.environ.get("TABARD_SECRET_KEY") or secret_key(_home.keys)
DEBUG = False
_https = os.environ.get("TABARD_HTTPS") == "1"
ALLOWED_HOSTS = os.environ.get("TABARD_HOSTS", "127.0.0.1,localhost,[::1]").split(",")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_linear_migrations",
    "procrastinate.contrib.django",
    "tabard.custody",
    "tabard.vault",
    "tabard.safekeeping",
    "tabard.people",
    "tabard.fleet",
    "tabard.recordings",
    "tabard.incidents",
    "tabard.media",
    "tabard.intake",
    "tabard.retention",
    "tabard.disclosure",
    "tabard.insight",
    "tabard.jobs",
    "tabard.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tabard.web.middleware.ContentSecurityPolicy",
    "tabard.web.middleware.ErrorPages",
]
ROOT_URLCONF = "tabard.config.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "tabard.web.context.site",
            ],
        },
    }
]
WSGI_APPLICATION = "tabard.config.wsgi.application"

DATABASES = {"default": django_database(database_url(_home))}
_owner_url = owner_url(_home)
TABARD_OWNER_DATABASE = django_database(_owner_url) if _owner_url else None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "people.Account"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_TZ = True
USE_I18N = False
# What a person types where a browser has no calendar: as ISO 8601 has it, or day first. Django would read month first.
DATE_INPUT_FORMATS = ["%Y-%m-%d", "%d/%m/%Y"]
DATETIME_INPUT_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M"]

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_SECURE = _https
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"procrastinate": {"level": "WARNING"}, "httpx": {"level": "WARNING"}},
}
