"""The backend interface, the spec strings, the engines behind them and the wrappers around them."""
