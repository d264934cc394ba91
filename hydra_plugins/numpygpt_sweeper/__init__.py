"""Hydra's door to this project: it takes sweepers from the namespace `hydra_plugins` alone.

The work is done in experiments/sweeping. There is no __init__.py above this folder, so that other plug-ins share
the namespace.
"""

from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class StudySweeper(Sweeper):
    """Plans all runs before the first, launches those that are to do, and ends with their comparison."""

    def __init__(self, params: dict[str, Any]) -> None:
        """`params`: key -> values with commas between them, swept where the command line does not set the key."""
        self.params = params
        self.config: DictConfig | None = None
        self.launcher: Launcher | None = None
        self.hydra_context: HydraContext | None = None

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self.hydra_context, self.config = hydra_context, config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Raises UserError if the sweep is refused, SystemExit with a code above 0 if not all runs end well."""
        # Not at the top: Hydra loads every plug-in, for --help too.
        from experiments.sweeping.study import run_study

        assert self.hydra_context is not None
        assert self.config is not None
        assert self.launcher is not None
        code = run_study(self.hydra_context.config_loader, self.config, self.launcher, self.params, arguments)
        if code:
            raise SystemExit(code)
