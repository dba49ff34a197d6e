"""The serving process: takes the data directory, starts the writer and the loops, then answers requests.

granian imports this module in its one worker, so whatever starts here lives and dies with that process. Nothing else imports it:
management commands and tests must not start threads.
"""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchbill.web.project")

_application = get_wsgi_application()

# Django must be set up before a room's code is imported.
from watchbill.base import limits, routine  # noqa: E402
from watchbill.base.serving import begin_serving, role_of_this_process  # noqa: E402
from watchbill.web.api.changes import Changes  # noqa: E402
from watchbill.web.api.inbox import SmallFile  # noqa: E402
from watchbill.web.front import Front  # noqa: E402

begin_serving(role_of_this_process())
front = Front(_application, limits.WEB_THREADS, routine.end, {"/api/v1/changes": Changes(), "/api/v1/inbox": SmallFile()})

# All of this stays as long as the process: the collector need never look at it again, which it otherwise does in the midst of requests.
gc.collect()
gc.freeze()
