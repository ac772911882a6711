"""`virtslo audit`: what KubeVirt's perfscale-audit does, from raw samples."""

from pathlib import Path
from typing import Any, Final

import click

from virtslo.cli.options import format_option
from virtslo.cli.output import OutputFile
from virtslo.cli.printing import say, show

OPTIONS: Final = {
    "prometheus": ("prometheusURL", "--prometheus"),
    "start": ("startTime", "--start"),
    "end": ("endTime", "--end"),
    "duration": ("duration", "--duration"),
}


@click.command("audit")
@click.argument("config", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--prometheus", metavar="URL", help="URL of the Prometheus.")
@click.option("--start", metavar="TIME", help="Start of the window, RFC 3339.")
@click.option("--end", metavar="TIME", help="End of the window, RFC 3339; default: now.")
@click.option("--duration", metavar="DURATION", help="Length of the window, in place of --start.")
@click.option(
    "--bearer-token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Path to a file with the bearer token for the Prometheus.",
)
@click.option(
    "-o",
    "--results-file",
    type=OutputFile(),
    help="Write perfscale-audit's results file too.",
)
@format_option("table", "json", text="Format of the output: a table, or perfscale-audit's results.")
def command(
    config: Path | None,
    bearer_token_file: Path | None,
    results_file: Path | None,
    form: str,
    **options: str | None,
) -> int:
    """Audit a test window from the samples that a Prometheus scraped.

    CONFIG is an input file of perfscale-audit; options take precedence over it. Counts are sums of
    raw samples, never increase(), and missing data is never 0. Exit code 1: a threshold is
    exceeded; 4: a threshold cannot be judged.

    \b
    virtslo audit --prometheus http://127.0.0.1:9090 --start 2026-01-31T10:00:00Z --duration 10m
    virtslo audit perf-audit-input.json -o perf-audit-results.json
    """
    import asyncio

    from virtslo.app.perfscale_audit import exit_code, perfscale_audit
    from virtslo.base.clock import SystemClock
    from virtslo.cli.output import write_file
    from virtslo.cli.wiring import open_prometheus, perfscale_audit_texts
    from virtslo.config.foreign.perfscale_audit import (
        perfscale_audit_request,
        read_perfscale_audit_file,
        read_secret,
    )

    document: dict[str, Any] = read_perfscale_audit_file(config) if config is not None else {}
    document |= {key: options[name] for name, (key, _) in OPTIONS.items() if options[name]}
    if config is None:
        document["prometheusVerifyTLS"] = True
    if bearer_token_file is not None:
        document["prometheusBearerToken"] = read_secret(bearer_token_file)
    clock = SystemClock()
    request = perfscale_audit_request(
        document,
        source=str(config) if config is not None else "command line",
        now=clock.wall().timestamp(),
        places={} if config is not None else dict(OPTIONS.values()),
    )

    async def carry_out() -> Any:
        async with open_prometheus(request) as source:
            return await perfscale_audit(request, source, clock, lambda text: say(text, err=True))

    result = asyncio.run(carry_out())
    table, results = perfscale_audit_texts(result)
    if results_file is not None:
        write_file(results_file, results)
    show(results if form == "json" else table)
    return exit_code(result)
