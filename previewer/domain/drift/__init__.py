"""Where reality left what was frozen: observed values against frozen ones, judged without an engine."""
