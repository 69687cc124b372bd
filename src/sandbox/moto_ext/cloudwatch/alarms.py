"""CloudWatch: a new alarm has no data yet; changing an alarm leaves its state alone."""

from typing import Any

from moto.cloudwatch.models import CloudWatchBackend

_put = CloudWatchBackend.put_metric_alarm


def put_metric_alarm(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    before = self.alarms.get(name)
    alarm = _put(self, name, *args, **kwargs)
    alarm.state_value = before.state_value if before else "INSUFFICIENT_DATA"
    if before:
        alarm.state_reason, alarm.state_reason_data = before.state_reason, before.state_reason_data
        alarm.state_updated_timestamp = before.state_updated_timestamp
    return alarm


CloudWatchBackend.put_metric_alarm = put_metric_alarm
