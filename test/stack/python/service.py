"""A service in another language: confluent-kafka, AWS's signer for Python, and OpenTelemetry's W3C propagator.

python service.py consume TOPIC COUNT    handles COUNT messages, each in a span of the trace that it brings
python service.py produce TOPIC          sends one message in a span, with its context in the headers
"""

import os
import sys

from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from confluent_kafka import Consumer, Producer
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

PATIENCE_SECONDS = 30

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("service.py")


def token(_config):
    value, expires_at_ms = MSKAuthTokenProvider.generate_auth_token(os.environ["AWS_REGION"])
    return value, expires_at_ms / 1000


client = {
    "bootstrap.servers": os.environ["KAFKA_BROKER"],
    "security.protocol": "SASL_SSL",
    "ssl.ca.location": os.environ["KAFKA_CA"],
    "sasl.mechanism": "OAUTHBEARER",
    "oauth_cb": token,
}


def consume(topic, count):
    consumer = Consumer({**client, "group.id": f"python-{topic}", "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    for _ in range(count):
        message = consumer.poll(PATIENCE_SECONDS)
        if message is None or message.error():
            sys.exit(f"no message: {message and message.error()}")
        headers = {key: value.decode() for key, value in message.headers() or []}
        with tracer.start_as_current_span(
            f"process {topic}", context=propagate.extract(headers), kind=trace.SpanKind.CONSUMER
        ):
            print(message.offset())
    consumer.close()


def produce(topic):
    producer = Producer(client)
    with tracer.start_as_current_span(f"send {topic}", kind=trace.SpanKind.PRODUCER):
        headers = {}
        propagate.inject(headers)
        producer.produce(topic, "tea", headers=headers)
        if producer.flush(PATIENCE_SECONDS) > 0:
            sys.exit("not sent")


if __name__ == "__main__":
    command, topic = sys.argv[1:3]
    if command == "consume":
        consume(topic, int(sys.argv[3]))
    else:
        produce(topic)
    provider.shutdown()
