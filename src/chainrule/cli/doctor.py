"""``chainrule doctor``: what is installed and found on this machine."""

from __future__ import annotations

from typing import Any

from chainrule.cli.options import Json

__all__ = ["EXAMPLES", "doctor"]

EXAMPLES = ("chainrule doctor", "chainrule doctor --json")

_OPTIONAL = {
    "matplotlib": ("plot", "pictures"),
    "pandas": ("tables", "data frames, History.to_pandas"),
    "pyarrow": ("tables", "Parquet files, data frames"),
    "rich": ("cli", "this command line"),
    "scipy": ("explain", "proofs of separability"),
    "sympy": ("explain", "networks as formulas"),
    "threadpoolctl": ("speed", "small matrix products on one core"),
    "typer": ("cli", "this command line"),
}


def doctor(as_json: Json = False) -> None:
    """Show versions, engines, optional packages and data folders; attach this to a report of a fault."""
    from rich.text import Text

    from chainrule.cli.screen import Screen
    from chainrule.cli.tables import grid

    found = _examine()
    screen = Screen(as_json=as_json)
    table = grid("", "", title="This machine", fold=1)
    table.show_header = False
    for name, value in found["versions"].items():
        table.add_row(name, Text(str(value)))
    table.add_row("engines", ", ".join(found["engines"]))
    table.add_row("native engine", Text(found["native"]["description"]))
    table.add_row("processors", str(found["processors"]))
    screen.show(table)
    packages = grid("package", "version", "what for", title="Optional packages", fold=2)
    for name, version in found["packages"].items():
        extra, purpose = _OPTIONAL[name]
        missing = f'{purpose}; install: pip install "chainrule[{extra}]"'
        packages.add_row(name, version or Text("not installed", style="yellow"), Text(purpose if version else missing))
    screen.show(packages)
    data = grid("data set", "found in", title="Downloadable data sets", fold=1)
    for name, folder in found["data"]["found"].items():
        data.add_row(name, Text(folder or f"not found; chainrule data {name} downloads it"))
    screen.show(data)
    screen.say(f"Looked in: {', '.join(found['data']['folders'])}", "dim")
    screen.document(found)


def _examine() -> dict[str, Any]:
    import os
    import platform

    import chainrule as cr
    from chainrule import engines
    from chainrule.data.images import IMAGE_SETS, find, folders

    places = {name: find(name) for name in sorted(IMAGE_SETS)}
    return {
        "versions": {
            "chainrule": cr.__version__,
            "Python": f"{platform.python_version()} ({platform.python_implementation()})",
            "NumPy": _numpy_version(),
            "BLAS": _blas(),
            "system": platform.platform(),
        },
        "engines": list(engines.available()),
        "native": _native(),
        "processors": os.cpu_count(),
        "packages": {name: _version(name) for name in _OPTIONAL},
        "data": {
            "folders": sorted({str(folder.parent) for name in IMAGE_SETS for folder in folders(name)}),
            "found": {name: None if place is None else str(place) for name, place in places.items()},
            "CHAINRULE_DATA": os.environ.get("CHAINRULE_DATA"),
        },
    }


def _native() -> dict[str, str | None]:
    from chainrule.engines.native_build import load

    build = load()
    return {"name": build.name, "path": build.path, "reason": build.reason, "description": str(build)}


def _version(package: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _numpy_version() -> str:
    import numpy

    return numpy.__version__


def _blas() -> str:
    import numpy

    try:
        built: Any = numpy.show_config(mode="dicts")
        blas = built["Build Dependencies"]["blas"]
        return f"{blas['name']} {blas.get('version', '')}".strip()
    except (AttributeError, KeyError, TypeError):
        return "unknown"
