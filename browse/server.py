"""Starts Streamlit on this machine alone: no statistics, no browser opened, no traceback on the page."""
from __future__ import annotations

import socket

from streamlit import net_util
from streamlit.web import bootstrap

from browse.settings import SCRIPT, Settings
from loader.errors import PeaksError

HOST = "127.0.0.1"
_OPTIONS = {  # named as `streamlit run` names its flags
    "server.address": HOST,
    "server.allowedHosts": [HOST, "localhost"],  # no web site under a name of its own that leads here
    "server.headless": True,
    "server.fileWatcherType": "none",
    "server.maxUploadSize": 100,  # MB
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    # As in style.css; Streamlit's own is the red of an error. Given for both, or dark is lost.
    "theme.light.primaryColor": "#209280",
    "theme.dark.primaryColor": "#209280",
}


def run_server(settings: Settings, port: int) -> None:
    """Serve the page at a port of `HOST` until Ctrl-C.

    Raises:
        PeaksError: the port is taken.
    """
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise PeaksError(f"Port {port} of {HOST} cannot be used ({error.strerror}): give another one with "
                         "--port.") from error
    Settings.chosen = settings
    net_util.get_external_ip = lambda: None  # it asks a server when a web site tries to open the page
    options = {**_OPTIONS, "server.port": port}
    bootstrap.load_config_options(options)
    bootstrap.run(str(SCRIPT), is_hello=False, args=[], flag_options=options)
