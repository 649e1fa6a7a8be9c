"""``gate``, ``data``, ``doctor``, ``demo``, and the program itself."""

from __future__ import annotations

import json
import math
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import chainrule as cr
from chainrule.engines.native_build import load

Run = Callable[..., Any]
MAIN = "import sys; sys.argv[0] = 'chainrule'; from chainrule.cli import main; main()"
SOURCES = str(Path(cr.__file__).parents[1])


def program(*arguments: object) -> list[str]:
    return [sys.executable, "-c", MAIN, *map(str, arguments)]


def run_program(command: list[str], **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, check=False, capture_output=True, text=True, encoding="utf-8", env=environment(**more), timeout=60
    )


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": SOURCES, "PYTHONIOENCODING": "utf-8", **more}


@pytest.mark.parametrize("name", ["and", "or", "nand", "nor"])
def test_one_neuron_learns_the_gates_that_a_line_divides(run_json: Run, name: str) -> None:
    found = run_json("gate", name)
    assert found["solved"]
    assert found["neurons"] == 1
    assert [round(row["output"]) for row in found["rows"]] == [row["target"] for row in found["rows"]]


@pytest.mark.parametrize("name", ["xor", "xnor"])
def test_two_hidden_neurons_learn_the_others(run: Run, run_json: Run, name: str) -> None:
    found = run_json("gate", name)
    assert found["solved"]
    assert 1 <= found["tries"] <= 10
    assert found["loss"] < 0.1
    assert len(found["equations"]) == 3
    assert "tries (seed" in run("gate", name).stdout.replace("try ", "tries ")


def test_equations_are_the_network(run_json: Run) -> None:
    found = run_json("gate", "xor")
    for row in found["rows"]:
        names: dict[str, Any] = {"x1": row["inputs"][0], "x2": row["inputs"][1]}
        for line in found["equations"]:
            name, right = line.split(" = ")
            text = right.replace("σ", "sigmoid").replace("·", "*").replace("−", "-")
            names[name] = eval(text, {"sigmoid": lambda z: 1 / (1 + math.exp(-z))}, names)
        assert names["y"] == pytest.approx(row["output"], abs=2e-3)


@pytest.mark.parametrize("name", ["xor", "xnor"])
def test_one_neuron_fails_by_itself_and_says_why(run: Run, run_json: Run, name: str) -> None:
    result = run("gate", name, "--neurons", "1", code=1)
    assert "0.6931" in result.stdout
    assert "straight" in result.stdout
    assert "0.5000" in result.stdout
    assert result.stderr == ""
    found = run_json("gate", name, "--neurons", "1", code=1)
    assert found["loss"] == pytest.approx(math.log(2), abs=1e-6)
    assert not found["solved"]
    assert found["tries"] == 1


def test_tries_have_an_end(run_json: Run) -> None:
    found = run_json("gate", "xor", "--tries", "1", "--seed", "0", code=1)
    assert (found["tries"], found["solved"]) == (1, False)
    assert run_json("gate", "xor", "--seed", "0")["tries"] > 1


def test_data_lists_every_data_set(run: Run, run_json: Run) -> None:
    text = run("data").stdout
    described = {entry["name"]: entry["description"] for entry in run_json("data")["datasets"]}
    assert list(described) == cr.data.names()
    assert all(described.values())
    assert all(name in text for name in described)


def test_data_shows_tables_and_arrays(run: Run, run_json: Run) -> None:
    assert "flipper_length_mm" in run("data", "penguins").stdout
    schema = run_json("data", "penguins")["schema"]
    assert schema["columns"][0]["name"] == "species"
    assert run_json("data", "iris", "--target", "sepal_length_cm")["schema"]["task"] == "regression"
    found = run_json("data", "spirals")
    assert found["parts"]["training"] == {
        "samples": 300,
        "shape": [2],
        "dtype": "float32",
        "class_counts": [150, 150],
    }
    Path("t.csv").write_text("[a],y\n[b]1,2\n3,4\n")
    assert "[a]" in run("data", "t.csv").stdout  # brackets are no markup


def test_doctor_knows_the_machine(run: Run, run_json: Run) -> None:
    text = run("doctor").stdout
    assert cr.__version__ in text
    assert "eager" in text
    assert "native engine" in text
    found = run_json("doctor")
    assert found["native"]["description"] == str(load())
    assert found["versions"]["chainrule"] == cr.__version__
    assert found["processors"] == os.cpu_count()
    assert found["packages"]["typer"]
    assert set(found["data"]["found"]) == {"mnist", "fashion-mnist"}


def test_the_demonstration_and_the_commands_that_it_ends_with(run: Run) -> None:
    text = run("demo").stdout
    for expected in ("0.6931", "Two hidden neurons solve it", "species", "of the test penguins", "What to try next"):
        assert expected in text
    assert max(map(len, text.split("What to try next")[0].splitlines())) <= 80
    made = {path.name for path in Path("chainrule-demo").iterdir()}
    models = {"xor-one-neuron.safetensors", "xor.safetensors", "iris.safetensors", "penguins.safetensors"}
    assert models | {"penguins.csv"} <= made
    if "No pictures" not in text:
        pictures = [path for path in Path("chainrule-demo").iterdir() if path.suffix == ".png"]
        assert len(pictures) == 6
        assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)
    iris = cr.data.load("iris")
    assert cr.evaluate(cr.load("chainrule-demo/iris.safetensors"), iris)["accuracy"] > 0.9
    lines = text.split("What to try next")[1].splitlines()
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("  ")]
    assert len(commands) == 5
    for command in commands:
        if command[0] == "fit":
            command += ["--epochs", "2"]
        run(*command, code=1 if command[:2] == ["gate", "xor"] else 0)


def test_the_demonstration_goes_on_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule.cli.demo import penguins, xor
    from chainrule.cli.demo.stage import Stage
    from chainrule.cli.screen import Screen

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    stage = Stage(Screen(quiet=True), tmp_path, 0)
    assert penguins.birds(stage)["accuracy"] > 0.9
    assert xor.one_neuron(stage)["loss"] == pytest.approx(math.log(2), abs=1e-6)
    assert not stage.pictures
    assert stage.files == ["penguins.csv", "penguins.safetensors", "xor-one-neuron.safetensors"]


def test_the_demonstration_learns_clothes_where_they_are_at_hand(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chainrule.cli.demo import fashion
    from chainrule.cli.demo.stage import Stage
    from chainrule.cli.screen import Screen

    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    if not Path("/usr/share/datasets/fashion-mnist").exists():
        assert not fashion.at_hand()
    monkeypatch.setenv("CHAINRULE_DATA", str(data_folder))
    assert fashion.at_hand()
    found = fashion.clothes(Stage(Screen(quiet=True), tmp_path, 0))
    assert found["accuracy"] >= 0.87
    assert found["test_rows"] == 10_000
    assert cr.load(tmp_path / "fashion.safetensors").training is False


def test_help_version_and_examples(run: Run) -> None:
    assert run("--version").stdout == f"chainrule {cr.__version__}\n"
    assert "Your data" in run().stdout
    for command in ("demo", "gate", "fit", "evaluate", "predict", "info", "data", "doctor"):
        text = run(command, "--help").stdout
        assert f"chainrule {command}" in text.split("Examples")[1]
        assert "--json" in text


def test_importing_the_command_line_is_light() -> None:
    code = "import sys; import chainrule.cli.app; print({'numpy', 'matplotlib', 'pandas'} & set(sys.modules))"
    assert run_program([sys.executable, "-c", code]).stdout == "set()\n"


def test_a_gate_that_can_be_learned_waits_for_no_table_record_or_proof() -> None:
    later = {"chainrule.cli.training", "chainrule.data.csv", "chainrule.data.table", "chainrule.explain.dividing"}
    later |= {"chainrule.nn.summary", "chainrule.train.checkpoint", "chainrule.train.runs"}
    code = "import atexit, sys; from chainrule.cli import main; sys.argv = ['chainrule', 'gate', *sys.argv[1:]]\n"
    code += f"atexit.register(lambda: print(*sorted({later!r} & set(sys.modules)))); main()"
    assert run_program([sys.executable, "-c", code, "and"]).stdout.splitlines()[-1] == ""
    hopeless = run_program([sys.executable, "-c", code, "xor", "--neurons", "1"]).stdout.splitlines()[-1]
    assert hopeless == "chainrule.explain.dividing"


@pytest.mark.parametrize("package", ["typer", "rich"])
def test_without_typer_or_rich_one_line_says_what_to_install(package: str) -> None:
    code = f"import sys; sys.modules[{package!r}] = None; from chainrule.cli import main; main()"
    done = run_program([sys.executable, "-c", code])
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == 'chainrule\'s command line needs typer and rich: pip install "chainrule[cli]"\n'


@pytest.mark.skipif(os.name == "nt", reason="POSIX shells")
def test_a_closed_pipe_ends_quietly() -> None:
    Path("long.csv").write_text("a,y\n" + "".join(f"{i},{i % 2}\n" for i in range(20_000)))
    subprocess.run(
        program("fit", "long.csv", "--epochs", "1", "--layers", "2", "-q"), check=True, env=environment(), timeout=60
    )
    for command in (["predict", "long.safetensors", "long.csv"], ["data"]):
        shell = f"{shlex.join(program(*command))} | head -n 1"
        done = run_program(["sh", "-c", shell])
        assert done.stderr == ""
        assert len(done.stdout.splitlines()) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", [["data"], ["data", "--json"], ["doctor", "--json"]])
def test_a_full_disk_is_told_of_in_one_line(words: list[str]) -> None:
    done = run_program(["sh", "-c", f"{shlex.join(program(*words))} > /dev/full"])
    assert done.returncode == 1  # nothing was wrong with the input
    assert done.stderr == "Error: No space left on device\n"


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_ends_training_cleanly_and_keeps_the_model() -> None:
    command = program("fit", "spirals", "--epochs", "1000000", "--layers", "4")
    # A shell has its background jobs, and what they start, ignore Ctrl-C.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    command[command.index("-c") + 1] = heed + command[command.index("-c") + 1]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Epoch 1/"):
                break
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert "interrupted" in out
    assert cr.load("spirals.safetensors") is not None


def test_output_that_has_no_such_characters() -> None:
    done = run_program(program("gate", "or"), PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.isascii()
    found = run_program(program("data", "penguins", "--json"), PYTHONIOENCODING="ascii")
    assert json.loads(found.stdout)["name"] == "penguins"


def test_sparklines() -> None:
    from chainrule.cli.spark import sparkline

    assert sparkline([1, 2, 3, 4, 5, 6, 7, 8]) == "▁▂▃▄▅▆▇█"
    assert sparkline([5, 5]) == "▁▁"
    assert sparkline([1, math.nan, 3]) == "▁ █"
    assert sparkline([math.nan]) == " "
    assert sparkline([]) == ""
    assert sparkline(list(range(100)), width=4) == "▁▃▆█"
    assert sparkline([0, 1], unicode=False).isascii()
