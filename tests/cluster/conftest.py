"""A real Slurm of one node, the machine itself: own daemons, ports, key and state in a temporary folder.

Nothing in /etc is read or written, and no root is needed: whoever runs the test runs the daemons.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path
from typing import Any

import pytest

PATH = os.environ["PATH"] + ":/usr/sbin"  # where Debian has the daemons; not on everybody's PATH

CONFIGURATION = """
ClusterName=test
SlurmctldHost=localhost
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={place}/munge.socket
CredType=cred/munge
StateSaveLocation={place}/state
SlurmdSpoolDir={place}/spool
SlurmctldPidFile={place}/slurmctld.pid
SlurmdPidFile={place}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0
MpiDefault=none
ReturnToService=2
NodeName=localhost NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=64000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


@dataclass(frozen=True)
class Slurm:
    """A running Slurm and the environment in which commands find it."""

    place: Path
    environment: dict[str, str]

    def ask(self, *command: str) -> str:
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def jobs(self, states: str) -> dict[str, str]:
        """Slurm's job numbers by the comment that Snakemake gives them."""
        lines = self.ask("squeue", "--noheader", f"--states={states}", "--format=%k|%A").splitlines()
        return dict(line.split("|") for line in lines)

    @staticmethod
    def wait_for(what: Callable[[], Any], seconds: float = 60.0) -> Any:
        """The first true value of `what()`."""
        end = time.monotonic() + seconds
        while not (value := what()):
            assert time.monotonic() < end, f"waited {seconds} s in vain for {what}"
            time.sleep(0.1)
        return value


def free_ports(count):
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@pytest.fixture(scope="session")
def slurm(tmp_path_factory):
    missing = [name for name in ("munged", "slurmctld", "slurmd", "srun") if not shutil.which(name, path=PATH)]
    assert not missing, f"no {', '.join(missing)} here: apt-get install slurm-wlm munge, or pytest -m 'not cluster'"
    place = tmp_path_factory.mktemp("slurm")
    for name in ("state", "spool", "bin"):
        (place / name).mkdir()
    cpus = max(2, os.cpu_count() or 2)
    conf = place / "slurm.conf"
    conf.write_text(CONFIGURATION.format(user=getuser(), ports=free_ports(2), place=place, cpus=cpus))
    (place / "munge.key").write_bytes(os.urandom(128))
    (place / "munge.key").chmod(0o600)
    # Inside a job the plugin drops SLURM_CONF from srun's environment
    srun = place / "bin" / "srun"
    srun.write_text(f'#!/bin/sh\nSLURM_CONF="{conf}" exec "{shutil.which("srun", path=PATH)}" "$@"\n')
    srun.chmod(0o755)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("SLURM_", "SBATCH_"))}
    environment |= {"PATH": f"{place}/bin:{PATH}", "SLURM_CONF": str(conf)}
    slurm = Slurm(place, environment)

    with ExitStack() as stack:

        def start(*argv):
            log = stack.enter_context(open(place / f"{argv[0]}.log", "w"))
            # they end with the test, even if that is killed
            argv = ("setpriv", "--pdeathsig", "TERM", shutil.which(argv[0], path=PATH), *argv[1:])
            daemon = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            stack.callback(end, daemon)

        munge = [f"--{name}={place}/munge.{end}" for name, end in (
            ("socket", "socket"), ("key-file", "key"), ("pid-file", "pid"), ("log-file", "log"), ("seed-file", "seed")
        )]  # fmt: skip
        start("munged", "--foreground", "--force", "--num-threads=2", *munge)
        slurm.wait_for((place / "munge.socket").exists)
        start("slurmctld", "-D", "-f", str(conf))
        start("slurmd", "-D", "-f", str(conf))
        slurm.wait_for(lambda: "idle" in subprocess.run(
            ["sinfo", "--noheader", "--format=%T"], env=environment, capture_output=True, text=True
        ).stdout)  # fmt: skip
        yield slurm
        slurm.ask("scancel", "--user", getuser())
        slurm.wait_for(lambda: not slurm.jobs("PENDING,RUNNING,COMPLETING"))


def end(daemon):
    daemon.terminate()
    try:
        daemon.wait(20)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()
