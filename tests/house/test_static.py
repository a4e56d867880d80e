"""On a server static files are collected, named by their content and compressed: every reference must resolve."""

from pathlib import Path

import pytest
from django.core.management import call_command


def test_static_files_can_be_collected_for_a_server(tmp_path: Path, settings):
    settings.STATIC_ROOT = str(tmp_path)
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    assert (tmp_path / "staticfiles.json").exists()


@pytest.mark.django_db
def test_a_page_loads_nothing_from_elsewhere(client):
    text = client.get("/account/login/").content.decode()
    assert "<link" in text
    for part in text.split('src="')[1:] + text.split('<link rel="stylesheet" href="')[1:]:
        assert part.startswith("/"), part[:80]
