"""python <folder>/moto_ext -H 127.0.0.1 -p PORT  (same arguments as moto_server)"""

import os
import sys

# Run as a folder, Python puts the folder itself first on the path, where our file names would hide standard modules.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def refuse(sentence: str) -> None:
    print(f"infra sandbox: {sentence}", file=sys.stderr)
    sys.exit(3)


def main() -> None:
    from importlib.metadata import PackageNotFoundError, version

    from moto_ext import MOTO, clock

    try:
        found = version("moto")
    except PackageNotFoundError:
        refuse("this Python has no moto. Install it: pip install 'moto[server]==5.2.1'")
        return
    if not found.startswith(MOTO):
        refuse(f"it is made for moto {MOTO}x, but this Python has moto {found}. Install: pip install 'moto[server]==5.2.1'")
    from moto_ext import gate

    try:
        gate.configure()
        clock.configure(os.environ.get("INFRA_SANDBOX_SECONDS", ""))
    except ValueError as error:
        refuse(str(error))
    # 2354 machine images that no stack of ours looks at would cost a second at the first call and 50 ms per account.
    os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"
    try:
        import moto.server
    except ImportError as error:
        refuse(f"moto {found} is there without its server ({error}). Install: pip install 'moto[server]==5.2.1'")
        return

    from moto_ext.app import install

    install(found)
    moto.server.main()


main()
