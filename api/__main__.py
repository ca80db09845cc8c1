"""Write the document of the API: `python -m api > docs/openapi.json`."""

import sys

from flask import Flask

import api
from api.docs import DOCUMENT, as_text

app = Flask("leerspoor")
api.init_app(app)
sys.stdout.buffer.write(as_text(app.extensions[DOCUMENT]))
