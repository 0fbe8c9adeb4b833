// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <stdexcept>
#include <string>
#include <thread>

/// What the server says to a request: of the bytes asked for the first `sent` alone, after which it
/// breaks off, or says nothing more until the client goes. A request for the end of the content is
/// granted only with `ranges`.
struct answer {
  std::string content;
  std::size_t sent = std::string::npos;
  bool ranges = false;
  bool stalls = false;
};

/// A server on the loopback interface, on a port that was free, until the end of its life.
class loopback_server {
 public:
  explicit loopback_server(std::map<std::string, answer> answers) : answers_(std::move(answers)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_, generic, size) != 0 || ::listen(socket_, 16) != 0 ||
        ::getsockname(socket_, generic, &size) != 0)
      throw std::runtime_error("no port on the loopback interface");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  loopback_server(const loopback_server&) = delete;
  loopback_server& operator=(const loopback_server&) = delete;
  ~loopback_server() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }

  std::string address() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  void serve() const {
    for (int client; (client = ::accept(socket_, nullptr, nullptr)) >= 0; ::close(client)) {
      std::string request;
      char buffer[4096];
      for (ssize_t n; request.find("\r\n\r\n") == request.npos &&
                      (n = ::recv(client, buffer, sizeof buffer, 0)) > 0;)
        request.append(buffer, static_cast<std::size_t>(n));
      const auto path = request.substr(4, request.find(' ', 4) - 4);
      const auto found = answers_.find(path);
      const auto reply = found == answers_.end()
                             ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
                             : reply_of(found->second, request);
      for (std::size_t at = 0; at < reply.size();) {
        const auto n = ::send(client, reply.data() + at, reply.size() - at, MSG_NOSIGNAL);
        if (n <= 0) break;
        at += static_cast<std::size_t>(n);
      }
      if (found != answers_.end() && found->second.stalls)
        while (::recv(client, buffer, sizeof buffer, 0) > 0) continue;
    }
  }

  /// "Range: bytes=100-" is what a client says that has 100 bytes.
  static std::string reply_of(const answer& what, const std::string& request) {
    const auto asked = request.find("Range: bytes=");
    const auto size = what.content.size();
    const std::size_t first =
        what.ranges && asked != request.npos ? std::stoul(request.substr(asked + 13)) : 0;
    const auto end = std::string("Connection: close\r\n\r\n");
    if (first > 0 && first >= size)
      return "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n" + end;
    const auto length = "Content-Length: " + std::to_string(size - first) + "\r\n" + end +
                        what.content.substr(first, what.sent);
    if (first == 0) return "HTTP/1.1 200 OK\r\n" + length;
    return "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + std::to_string(first) + "-" +
           std::to_string(size - 1) + "/" + std::to_string(size) + "\r\n" + length;
  }

  std::map<std::string, answer> answers_;
  int socket_ = -1;
  int port_ = 0;
  std::thread thread_;
};
