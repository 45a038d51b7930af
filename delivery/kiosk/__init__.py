"""The waiting-room tablet and the front desk: devices, call codes, the clock of a sitting, arrivals."""
