#include "tests/turn/client.h"

#include <algorithm>
#include <stdexcept>

#include "dataplane/stun/bytes.h"
#include "dataplane/stun/channel_data.h"
#include "dataplane/stun/long_term_key.h"

namespace penstock::turn::test {
namespace {

constexpr std::size_t kLongest = 2048;

Payload finish(stun::MessageBuilder& builder, Payload& bytes) {
  const auto size = builder.finish();
  if (!size) throw std::runtime_error(std::string(stun::to_string(size.error())));
  bytes.resize(*size);
  return std::move(bytes);
}

}  // namespace

Payload payload(std::string_view text) {
  return {text.begin(), text.end()};
}

Payload payload(std::size_t size, std::uint8_t fill) {
  return Payload(size, fill);
}

Payload channel_data(std::uint16_t number, std::span<const std::uint8_t> data) {
  Payload bytes(stun::kChannelDataHeaderBytes + data.size());
  stun::write_channel_data_header(std::span(bytes).first<stun::kChannelDataHeaderBytes>(), number,
                                  static_cast<std::uint16_t>(data.size()));
  std::copy(data.begin(), data.end(), bytes.begin() + stun::kChannelDataHeaderBytes);
  return bytes;
}

int Reply::code() const {
  if (bytes.empty()) return -1;
  if (view().message_class() == stun::Class::success) return 0;
  const auto error = stun::error_code(view());
  return error ? error->code : -1;
}

std::vector<net::Endpoint> Reply::relayed() const {
  std::vector<net::Endpoint> out;
  const stun::MessageView message = view();
  for (const auto attribute : message.attributes()) {
    if (!attribute.is(stun::AttributeType::xor_relayed_address)) continue;
    out.push_back(stun::decode_xor_address(attribute.value, message.transaction_id()).value());
  }
  return out;
}

Client::Client(TestBed& bed, const net::Endpoint& endpoint, std::uint16_t worker, std::string user,
               std::string password)
    : bed_(bed),
      endpoint_(endpoint),
      server_(endpoint.address.is_v4() ? kListen4 : kListen6),
      worker_(worker),
      user_(std::move(user)),
      password_(std::move(password)) {}

stun::TransactionId Client::next_id() {
  stun::TransactionId id{};
  stun::store_be64(id.data(), ++requests_);
  stun::store_be16(&id[8], endpoint_.port);
  return id;
}

Payload Client::plain(stun::Method method, const Fill& fill, const stun::TransactionId& id) {
  Payload bytes(kLongest);
  stun::MessageBuilder builder(bytes, method, stun::Class::request, id);
  if (fill) fill(builder);
  return finish(builder, bytes);
}

Payload Client::signed_request(stun::Method method, const Fill& fill, const stun::TransactionId& id) {
  Payload bytes(kLongest);
  stun::MessageBuilder builder(bytes, method, stun::Class::request, id);
  if (fill) fill(builder);
  const std::string& realm = bed_.options().settings.realm;
  const auto key = stun::long_term_key(stun::PasswordAlgorithm::md5, user_, realm, password_);
  builder.username(user_).realm(realm).nonce(nonce);
  // A nonce that announces algorithms must be answered with the choice, or plainly by not knowing of them.
  builder.message_integrity(stun::HmacSha1(key.bytes()));
  return finish(builder, bytes);
}

Payload Client::send_indication(const net::Endpoint& peer, std::span<const std::uint8_t> data, bool dont_fragment) {
  Payload bytes(data.size() + 128);
  stun::MessageBuilder builder(bytes, stun::Method::send, stun::Class::indication, next_id());
  builder.xor_peer_address(peer);
  if (dont_fragment) builder.dont_fragment();
  builder.data(data);
  return finish(builder, bytes);
}

bool Client::send(std::span<const std::uint8_t> bytes, std::uint8_t tos) {
  return bed_.inject(worker_, server_, endpoint_, bytes, tos);
}

Reply Client::exchange(const Payload& request) {
  send(request);
  bed_.run();
  auto& sent = bed_.sent();
  const auto answers = [&](const Sent& s) {
    const Payload& bytes = s.datagram.bytes;
    return s.datagram.remote == endpoint_ && bytes.size() >= stun::kHeaderBytes && (bytes[0] & 0xc0) == 0 &&
           std::equal(request.begin() + 8, request.begin() + 20, bytes.begin() + 8);
  };
  const auto at = std::find_if(sent.begin(), sent.end(), answers);
  if (at == sent.end()) return {};
  Reply reply{std::move(at->datagram.bytes)};
  sent.erase(at);
  if (reply.code() == 401 || reply.code() == 438) nonce = std::string(stun::nonce(reply.view()).value_or(""));
  return reply;
}

Reply Client::ask(stun::Method method, const Fill& fill) {
  if (nonce.empty()) exchange(plain(stun::Method::allocate, requested_transport, next_id()));
  Reply reply = exchange(signed_request(method, fill, next_id()));
  if (reply.code() == 438) reply = exchange(signed_request(method, fill, next_id()));
  return reply;
}

Reply Client::allocate(const Fill& more) {
  return ask(stun::Method::allocate, [&](stun::MessageBuilder& b) {
    requested_transport(b);
    if (more) more(b);
  });
}

net::Endpoint Client::allocated(const Fill& more) {
  const Reply reply = allocate(more);
  if (reply.code() != 0) throw std::runtime_error("Allocate was answered " + std::to_string(reply.code()));
  return reply.relayed().at(0);
}

Reply Client::refresh(std::uint32_t lifetime_s, const Fill& more) {
  return ask(stun::Method::refresh, [&](stun::MessageBuilder& b) {
    b.lifetime(lifetime_s);
    if (more) more(b);
  });
}

Reply Client::permit(const std::vector<net::Endpoint>& peers) {
  return ask(stun::Method::create_permission, [&](stun::MessageBuilder& b) {
    for (const net::Endpoint& peer : peers) b.xor_peer_address(peer);
  });
}

Reply Client::bind(std::uint16_t channel, const net::Endpoint& peer) {
  return ask(stun::Method::channel_bind,
             [&](stun::MessageBuilder& b) { b.channel_number(channel).xor_peer_address(peer); });
}

std::vector<Payload> Client::received() {
  std::vector<Payload> out;
  for (Sent& s : bed_.take(endpoint_)) out.push_back(std::move(s.datagram.bytes));
  return out;
}

std::vector<Data> Client::received_data() {
  std::vector<Data> out;
  for (const Payload& bytes : received()) {
    const auto message = stun::MessageView::parse(bytes);
    if (!message || !message->is(stun::Method::data, stun::Class::indication)) continue;
    const stun::Bytes data = stun::data(*message).value_or(stun::Bytes{});
    out.push_back({stun::xor_peer_address(*message).value(), {data.begin(), data.end()}});
  }
  return out;
}

}  // namespace penstock::turn::test
