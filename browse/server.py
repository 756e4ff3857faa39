"""Starts Streamlit on this machine alone: no statistics, no browser opened, no traceback on the page."""
from __future__ import annotations

from typing import Any

from streamlit.web import bootstrap

from browse.settings import SCRIPT, Settings, choose_settings

HOST = "127.0.0.1"


def run_server(settings: Settings, port: int) -> None:
    """Serve the page until Ctrl-C.

    Args:
        settings: of the page.
        port: on `HOST`.
    """
    choose_settings(settings)
    options = server_options(port)
    bootstrap.load_config_options(options)
    bootstrap.run(str(SCRIPT), is_hello=False, args=[], flag_options=options)


def server_options(port: int) -> dict[str, Any]:
    """Streamlit's options, named as `streamlit run` names its flags."""
    return {
        "server.address": HOST,
        "server.port": port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.maxUploadSize": 100,  # MB
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
    }
