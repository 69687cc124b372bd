"""Behind the endpoint of each PostgreSQL database stands a real server, where the machine has one. Else this does nothing."""

import threading
from collections.abc import Callable
from typing import Any

from moto.rds.models import DBInstance, RDSBackend

from moto_ext import AFTER_RESET, clock
from moto_ext.postgres import inside, installation
from moto_ext.postgres.door import Door
from moto_ext.postgres.server import Master, Server
from moto_ext.rds import databases

_things: set[Any] = set()  # what a reset takes away: doors, servers, copies
_lock = threading.Lock()


class House:
    """The server of a database, and the door to it, whose address is the database's endpoint."""

    def __init__(self, db: Any, data: str | None = None) -> None:
        self.db = db
        self.server = Server(lambda: master_of(db), data)
        self.door = Door(self.server.connect)
        self.open_door()
        keep(self)
        if clock.seconds("rds"):  # the time that the first cluster takes passes while the database is being created
            threading.Thread(target=installation.template, daemon=True).start()

    def open_door(self) -> None:
        self.door.open(deaf=inside.is_private(self.db.account_id))

    def close(self) -> None:
        self.door.shut()
        self.server.stop()

    def open_in(self, seconds: float) -> None:
        timer = threading.Timer(seconds, self.open_if_available)
        timer.daemon = True
        timer.start()

    def open_if_available(self) -> None:
        if self.db.status == "available":
            self.open_door()

    def remove(self) -> None:
        self.door.remove()
        self.server.remove()


class Copy:
    """The data in a snapshot."""

    def __init__(self, data: str) -> None:
        self.data = data
        keep(self)

    def remove(self) -> None:
        installation.remove(self.data.rpartition("/")[0])


def keep(thing: Any) -> None:
    with _lock:
        _things.add(thing)


def let_go(thing: Any) -> None:
    with _lock:
        _things.discard(thing)
    thing.remove()


def forget_all() -> None:
    with _lock:
        things = list(_things)
        _things.clear()
    for thing in things:
        thing.remove()


def master_of(db: Any) -> Master:
    # The second is what moto writes into the secret that RDS manages.
    password = db.__dict__.get("_master_user_password") or "P@55w0rd!"
    return Master(db.master_username, password, db.db_name)


def house_of(db: Any) -> Any:
    return db.__dict__.get("_infra_house")


def own_house_of(db: Any) -> Any:
    """A read replica is a copy of its source in moto, house included: it may look inside, not tear it down."""
    house = house_of(db)
    return house if house and house.db is db else None


def wanted(db: Any) -> bool:
    return bool(installation.CONFIG) and db.engine == "postgres" and not db.db_cluster_identifier


def patched(name: str) -> Callable[[Any], Any]:
    def wrap(new: Any) -> Any:
        setattr(RDSBackend, name, new(getattr(RDSBackend, name)))
        return new

    return wrap


@patched("create_db_instance")
def create(plain: Any) -> Any:
    def create_db_instance(self: Any, db_kwargs: Any) -> Any:
        db = plain(self, db_kwargs)
        if wanted(db):
            db._infra_house = House(db, db_kwargs.get("infra_data"))
            clock.show(db, "status", "creating", "rds")  # anew: copying data has taken some of it
        return db

    return create_db_instance


@patched("modify_db_instance")
def modify(plain: Any) -> Any:
    def modify_db_instance(self: Any, db_instance_identifier: str, db_kwargs: Any) -> Any:
        db = plain(self, db_instance_identifier, db_kwargs)
        house = own_house_of(db)
        if house and db_kwargs.get("master_user_password"):
            house.server.set_password(db_kwargs["master_user_password"])
        return db

    return modify_db_instance


@patched("stop_db_instance")
def stop(plain: Any) -> Any:
    def stop_db_instance(self: Any, *args: Any, **kwargs: Any) -> Any:
        db = plain(self, *args, **kwargs)
        if own_house_of(db):
            house_of(db).close()
        return db

    return stop_db_instance


@patched("start_db_instance")
def start(plain: Any) -> Any:
    def start_db_instance(self: Any, db_instance_identifier: str) -> Any:
        db = plain(self, db_instance_identifier)
        if own_house_of(db):
            house_of(db).open_in(clock.seconds("rds-start"))
        return db

    return start_db_instance


@patched("reboot_db_instance")
def reboot(plain: Any) -> Any:
    def reboot_db_instance(self: Any, db_instance_identifier: str) -> Any:
        db = plain(self, db_instance_identifier)
        if own_house_of(db):
            house_of(db).close()
            house_of(db).open_in(clock.seconds("reboot"))
        return db

    return reboot_db_instance


@patched("delete_db_instance")
def delete(plain: Any) -> Any:
    def delete_db_instance(self: Any, *args: Any, **kwargs: Any) -> Any:
        db = plain(self, *args, **kwargs)
        if own_house_of(db):
            let_go(house_of(db))
        return db

    return delete_db_instance


def fill(made: Any, data: str | None) -> None:
    made._infra_copy = Copy(data) if data else None
    made.database._infra_data = data  # moto gives all that is in this picture to the create of a restored database


@patched("create_db_snapshot")
def snapshot(plain: Any) -> Any:
    def create_db_snapshot(self: Any, *args: Any, **kwargs: Any) -> Any:
        made = plain(self, *args, **kwargs)
        house = house_of(made.database)
        data = house.server.save() if house else None
        made.database.__dict__.pop("_infra_house", None)
        fill(made, data)
        return made

    return create_db_snapshot


@patched("copy_db_snapshot")
def copy_snapshot(plain: Any) -> Any:
    def copy_db_snapshot(self: Any, source_db_snapshot_identifier: str, *args: Any, **kwargs: Any) -> Any:
        made = plain(self, source_db_snapshot_identifier, *args, **kwargs)
        first = made.database.__dict__.get("_infra_data")
        fill(made, installation.copy(first, installation.new_folder()) if first else None)
        return made

    return copy_db_snapshot


@patched("delete_db_snapshot")
def delete_snapshot(plain: Any) -> Any:
    def delete_db_snapshot(self: Any, db_snapshot_identifier: str) -> Any:
        gone = plain(self, db_snapshot_identifier)
        if gone.__dict__.get("_infra_copy"):
            let_go(gone._infra_copy)
        return gone

    return delete_db_snapshot


_endpoint = databases.endpoint


def endpoint(self: Any) -> Any:
    """The port that was asked for stays in DbInstancePort."""
    shown, house = _endpoint(self), house_of(self)
    if shown and house:
        house.open_if_available()  # before the caller can know that it is
        shown = {**shown, "Address": "127.0.0.1", "Port": house.door.port}
    return shown


DBInstance.endpoint = property(endpoint)
AFTER_RESET.append(forget_all)
