#include "rapport/store/executor_state.hpp"

#include <algorithm>

#include "rapport/core/error.hpp"

namespace rapport {
namespace {

/// The most bytes of one batch's documents.
constexpr std::size_t kMostBytes = kMaxDocumentBytes;

std::size_t bytes_of(const std::vector<Document>& documents) {
    std::size_t bytes = 0;
    for (const Document& document : documents) bytes += document.bytes().size();
    return bytes;
}

std::size_t bytes_of(const Operation& operation) {
    if (const auto* insert = std::get_if<InsertDocuments>(&operation)) {
        return bytes_of(insert->documents);
    }
    if (const auto* commit = std::get_if<CommitDocuments>(&operation)) {
        // The change repeats what the details hold.
        return 2 * bytes_of(commit->details.documents);
    }
    return 0;
}

}  // namespace

void Executor::State::enqueue(const std::shared_ptr<Pending>& call) {
    const std::size_t lane = lanes_->lane_of(call->operation());
    std::exception_ptr refusal;
    {
        const std::scoped_lock lock(mutex_);
        if (finishing_) {
            refusal = std::make_exception_ptr(NotConnected("the database is disconnected"));
        } else if (waiting_ >= max_waiting_) {
            refusal = std::make_exception_ptr(
                Overloaded("too many operations are waiting for the database; nothing was done: "
                           "try again later"));
        } else {
            arrived_.emplace_back(lane, call);
            ++waiting_;
        }
    }
    if (refusal) Pending::answer(call, {std::move(refusal)});
}

void Executor::State::publish() {
    const std::scoped_lock lock(mutex_);
    publish_arrived();
    wake_one();
}

void Executor::State::publish_arrived() {
    for (auto& [lane, call] : arrived_) queues_.at(lane).calls.push_back(std::move(call));
    arrived_.clear();
}

void Executor::State::wake_one() {
    if (idle_.empty() || looking_ > 0 || ready_queue() == nullptr) return;
    wake(*idle_.back());
    idle_.pop_back();
}

void Executor::State::wake_all() {
    for (Idle* idle : idle_) wake(*idle);
    idle_.clear();
}

void Executor::State::wake(Idle& idle) {
    ++looking_;
    idle.is_woken = true;
    idle.woken.notify_one();
}

/// The queue whose first call has waited longest, of those a worker may take from now.
Executor::State::Queue* Executor::State::ready_queue() {
    Queue* first = nullptr;
    for (std::size_t lane = 0; lane < queues_.size(); ++lane) {
        Queue& queue = queues_.at(lane);
        if (!is_ready(lane)) continue;
        if (first == nullptr ||
            queue.calls.front()->queued_at() < first->calls.front()->queued_at()) {
            first = &queue;
        }
    }
    return first;
}

bool Executor::State::is_ready(std::size_t lane) const {
    const Queue& queue = queues_.at(lane);
    if (queue.calls.empty()) return false;
    if (lane == Lanes::kAlone || queue.batches_under_way == 0) return true;
    if (queue.batches_under_way >= lanes_->most_under_way(lane)) return false;
    const std::size_t feeder = lanes_->fed_by(lane);
    const bool is_small = queue.calls.size() < 2 * queue.calls_under_way;
    if (feeder == Lanes::kAlone || !is_small) return true;
    return queues_.at(feeder).batches_under_way == 0 && queues_.at(feeder).calls.empty() &&
           answering_ == 0;
}

std::size_t Executor::State::most_of_batch(std::size_t lane) const {
    if (lane == Lanes::kAlone) return 1;
    const Queue& queue = queues_.at(lane);
    const std::size_t batches = lanes_->most_under_way(lane);
    const std::size_t all = queue.calls.size() + queue.calls_under_way;
    return std::min(lanes_->most_together(lane), (all + batches - 1) / batches);
}

Executor::State::Batch Executor::State::take(Queue& queue) {
    Batch batch;
    batch.lane = static_cast<std::size_t>(&queue - queues_.data());
    const std::size_t most = most_of_batch(batch.lane);
    const auto at = Deadline::Clock::now();
    std::size_t bytes = 0;
    while (!queue.calls.empty() && batch.calls.size() < most) {
        bytes += bytes_of(queue.calls.front()->operation());
        if (bytes > kMostBytes && !batch.calls.empty()) break;
        counters_.waited += at - queue.calls.front()->queued_at();
        batch.calls.push_back(std::move(queue.calls.front()));
        queue.calls.pop_front();
    }
    waiting_ -= batch.calls.size();
    ++queue.batches_under_way;
    queue.calls_under_way += batch.calls.size();
    counters_.count_batch(batch.calls.size());
    return batch;
}

Executor::State::Batch Executor::State::next() {
    std::unique_lock lock(mutex_);
    while (true) {
        if (Queue* queue = ready_queue()) {
            Batch batch = take(*queue);
            wake_one();
            return batch;
        }
        if (finishing_ && waiting_ == 0) return {};
        Idle self;
        idle_.push_back(&self);
        self.woken.wait(lock, [&] { return self.is_woken; });
        --looking_;
    }
}

void Executor::State::done(const Batch& batch) {
    const std::scoped_lock lock(mutex_);
    Queue& queue = queues_.at(batch.lane);
    --queue.batches_under_way;
    queue.calls_under_way -= batch.calls.size();
    // The last batch lets those go who wait for the end.
    if (finishing_ && waiting_ == 0) wake_all();
}

void Executor::State::answering() {
    const std::scoped_lock lock(mutex_);
    ++answering_;
}

void Executor::State::answered() {
    const std::scoped_lock lock(mutex_);
    --answering_;
    publish_arrived();
    wake_one();
}

void Executor::State::finish() {
    const std::scoped_lock lock(mutex_);
    finishing_ = true;
    publish_arrived();
    wake_all();
}

StoreCounters Executor::State::counters() const {
    const std::scoped_lock lock(mutex_);
    StoreCounters counters = counters_;
    counters.waiting = waiting_;
    return counters;
}

}  // namespace rapport
