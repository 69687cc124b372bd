"""SNS: an e-mail subscription waits for a click; the sandbox clicks after some seconds."""

from typing import Any

from moto.core.responses import ActionResult
from moto.sns.models import SNSBackend, Subscription
from moto.sns.responses import SNSResponse

from moto_ext import clock

CLICKED = ("email", "email-json")
PENDING = "PendingConfirmation"

_subscribe = SNSBackend.subscribe
_subscribe_action = SNSResponse.subscribe
_by_topic = SNSResponse.list_subscriptions_by_topic
_all = SNSResponse.list_subscriptions
_attributes = SNSResponse.get_subscription_attributes
_topic_attributes = SNSResponse.get_topic_attributes


def pending(subscription: Any) -> bool:
    return bool(clock.now() < subscription.__dict__.get("_infra_clicked_at", 0))


def subscribe(self: Any, topic_arn: str, endpoint: str, protocol: str) -> Subscription:
    known = self._find_subscription(topic_arn, endpoint, protocol)
    subscription = _subscribe(self, topic_arn, endpoint, protocol)
    if not known and protocol in CLICKED:
        subscription._infra_clicked_at = clock.now() + clock.seconds("email")
    return subscription


def subscribe_action(self: Any) -> ActionResult:
    arn = _subscribe_action(self).result["SubscriptionArn"]
    mail = self._get_param("Protocol") in CLICKED
    show_arn = str(self._get_param("ReturnSubscriptionArn")).lower() == "true" or not mail
    return ActionResult({"SubscriptionArn": arn if show_arn else "pending confirmation"})


def listed(plain: Any) -> Any:
    def action(self: Any) -> ActionResult:
        result = plain(self).result
        rows = [
            {
                "SubscriptionArn": PENDING if pending(s) else s.arn,
                "Owner": s.owner,
                "Protocol": s.protocol,
                "Endpoint": s.endpoint,
                "TopicArn": s.topic.arn,
            }
            for s in result["Subscriptions"]
        ]
        return ActionResult({**result, "Subscriptions": rows})

    return action


def get_subscription_attributes(self: Any) -> ActionResult:
    result = _attributes(self).result
    subscription = self.backend.subscriptions.get(self._get_param("SubscriptionArn"))
    waiting = "true" if subscription and pending(subscription) else "false"
    return ActionResult({"Attributes": {**result["Attributes"], PENDING: waiting}})


def get_topic_attributes(self: Any) -> ActionResult:
    result = _topic_attributes(self).result
    mine = [s for s in list(self.backend.subscriptions.values()) if s.topic.arn == self._get_param("TopicArn")]
    waiting = sum(pending(s) for s in mine)
    counts = {"SubscriptionsPending": str(waiting), "SubscriptionsConfirmed": str(len(mine) - waiting)}
    return ActionResult({"Attributes": {**result["Attributes"], **counts}})


SNSBackend.subscribe = subscribe
SNSResponse.subscribe = subscribe_action
SNSResponse.list_subscriptions = listed(_all)
SNSResponse.list_subscriptions_by_topic = listed(_by_topic)
SNSResponse.get_subscription_attributes = get_subscription_attributes
SNSResponse.get_topic_attributes = get_topic_attributes
