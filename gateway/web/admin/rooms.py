"""All rooms below ``/admin``."""

from aiohttp import web

from gateway.web.admin.door import Door
from gateway.web.admin.joining import JoiningRoom
from gateway.web.admin.log import LogRoom
from gateway.web.admin.members import MembersRoom
from gateway.web.admin.money import MoneyRoom
from gateway.web.admin.overview import OverviewRoom
from gateway.web.admin.posts import PostsRoom
from gateway.web.admin.queue import QueueRoom
from gateway.web.admin.reports import ReportsRoom
from gateway.web.desk import Desk


class Admin:
    """The routes of those who look after the site."""

    def __init__(self, desk: Desk) -> None:
        self._rooms = (
            OverviewRoom(desk),
            MembersRoom(desk),
            JoiningRoom(desk),
            ReportsRoom(desk),
            PostsRoom(desk),
            QueueRoom(desk),
            MoneyRoom(desk),
            LogRoom(desk),
        )

    def add_to(self, app: web.Application) -> None:
        """Add the routes of every room."""
        door = Door(app)
        for room in self._rooms:
            room.add_to(door)
