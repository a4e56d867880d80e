"""Django's settings, all read from the environment; `documented.py` is the list."""

from __future__ import annotations

from pathlib import Path

from daybook.config.env import ENV

ROOT = Path(__file__).resolve().parents[2]

SECRET_KEY = ENV.secret_key
DEBUG = ENV.debug
ALLOWED_HOSTS = ENV.allowed_hosts
PUBLIC_URL = ENV.public_url  # "" when nothing outside can reach us: then polling serves
SECURE = PUBLIC_URL.startswith("https://")

INSTALLED_APPS = [
    "daybook.firms",
    "daybook.contacts",
    "daybook.calendars",
    "daybook.billing",
    "daybook.appointments",
    "daybook.directory",
    "daybook.messaging",
    "daybook.sync",
    "daybook.jobs",
    "daybook.web",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "procrastinate.contrib.django",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
]

MIDDLEWARE = [
    "daybook.config.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "daybook.config.logs.RequestLogMiddleware",
    "daybook.web.middleware.PolicyMiddleware",
    "daybook.web.middleware.KeptConnectionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "daybook.web.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "daybook.config.urls"
WSGI_APPLICATION = "daybook.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "daybook.web.context.daybook",
            ],
            "builtins": ["daybook.web.templatetags.daybook"],
        },
    }
]
FORM_RENDERER = "daybook.web.forms.Renderer"

DATABASES = {"default": ENV.database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "firms.User"
# An address is one account whatever its capitals: a constraint on Lower("email") keeps that, which the check overlooks.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_FORMS = {"signup": "daybook.web.accounts.forms.FirmSignUpForm"}
ACCOUNT_ADAPTER = "daybook.web.accounts.adapter.Adapter"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
# With https there is a proxy in front, and its own address would be everybody's: limits go by the one it saw.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if SECURE else 0
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
MFA_TOTP_ISSUER = "Daybook"

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "daybook_session", "daybook_csrf"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_SSL_REDIRECT = False  # the proxy in front does it; health checks come in plain
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "manifest-src": ["'self'"],
    }
}

# Limits of sign-in are counted here; they must hold across processes.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "daybook_cache",
    }
}

LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = ENV.static_root or None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": ENV.static_backend},
}
# Without a folder of collected files they are served from the code, and browsers ask each time whether they changed.
WHITENOISE_MAX_AGE = 3600 if ENV.collected else 0
WHITENOISE_USE_FINDERS = not ENV.collected
WHITENOISE_AUTOREFRESH = ENV.debug

for _name, _value in ENV.email.items():
    globals()[_name] = _value
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENV.mail_from

# Tokens of other systems at rest: first key encrypts, all decrypt.
ENCRYPTION_KEYS = ENV.encryption_keys

CLIO_CLIENT_ID = ENV.clio_client_id
CLIO_CLIENT_SECRET = ENV.clio_client_secret
CLIO_BASE_URL = ENV.clio_base_url  # replaces the four regions' hosts when set

GOOGLE_CLIENT_ID = ENV.google_client_id
GOOGLE_CLIENT_SECRET = ENV.google_client_secret
GOOGLE_BASE_URL = ENV.google_base_url  # replaces Google's hosts when set
MICROSOFT_CLIENT_ID = ENV.microsoft_client_id
MICROSOFT_CLIENT_SECRET = ENV.microsoft_client_secret
MICROSOFT_BASE_URL = ENV.microsoft_base_url  # replaces Microsoft's hosts when set
STRIPE_SECRET_KEY = ENV.stripe_secret_key
STRIPE_WEBHOOK_SECRET = ENV.stripe_webhook_secret
STRIPE_BASE_URL = ENV.stripe_base_url  # replaces Stripe's host when set

# How many booking attempts one visitor's address may make in ten minutes; 0 is no limit.
BOOKING_ATTEMPTS = ENV.booking_attempts

# Whether an address that a lawyer types may lead into a private network.
PRIVATE_NETWORKS = ENV.private_networks

PROCRASTINATE_ON_APP_READY = "daybook.jobs.app.on_ready"
PROCRASTINATE_IMPORT_PATHS = ["daybook.jobs.tasks", "daybook.jobs.schedule"]

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
LOGGING_CONFIG = "daybook.config.logs.configure"
LOGGING: dict[str, object] = {"level": ENV.log_level, "format": ENV.log_format}
