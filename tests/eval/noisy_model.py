"""An OpenAI-compatible server whose answers are right but for some noise, by a seed.

What comes of a message depends on the seed and on how often it was asked, not on which request comes first.
"""
import collections
import http.server
import json
import random
import threading

CLASSIFICATION = {
    "intent": "pricing_question", "intent_confidence": 0.8, "topic": "prices", "topic_confidence": 0.8,
    "urgency": "low", "urgency_confidence": 0.5, "language": "english", "sentiment": "neutral",
    "engagement_level": "medium", "requires_human_escalation": False, "reasoning": "asks for a price",
    "new_signals": [],
}
STRATEGY = {
    "action": "help",
    "message_strategy": {"tone": "warm", "language": "english", "empathy_points": [], "key_points": [],
                         "conversational_goal": "answer"},
    "suggested_stage_transition": None, "focus_dimension": "need", "scheduling_instruction": None,
    "strategic_reasoning": "a question",
}
EXECUTION = {
    "message": {"content": "The plan costs 900 MXN a month.", "persona_reasoning": "brief"},
    "agreement_level": 1, "feedback_for_director": None, "execution_summary": "says the price",
}


class NoisyModel:
    """Of messages that hold "maybe" the intent is missed with probability `noise`."""

    def __init__(self, noise, seed):
        self.noise = noise
        self.seed = seed
        self.asked = 0
        self.times = collections.Counter()
        self.lock = threading.Lock()
        model = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                body = json.dumps({"choices": [{"message": {"content": json.dumps(model.answer(request))}}],
                                   "usage": {"prompt_tokens": 100, "completion_tokens": 20}}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    def is_noise(self, message):
        """The k-th time that a message is asked."""
        with self.lock:
            self.times[message] += 1
            return random.Random(f"{self.seed} {self.times[message]} {message}").random() < self.noise

    def answer(self, request):
        with self.lock:
            self.asked += 1
        wanted = request["response_format"]["json_schema"]["schema"]["properties"]
        if "action" in wanted:
            return STRATEGY
        if "message" in wanted:
            return EXECUTION
        message = request["messages"][-1]["content"]
        intent = "unclear" if "maybe" in message and self.is_noise(message) else "pricing_question"
        return {**CLASSIFICATION, "intent": intent}

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
