// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <stdexcept>
#include <string>
#include <thread>

/// What the server says to a request: 404 where `found` is false, and of the content only the first
/// bytes where `sent` is less than its size.
struct answer {
  std::string content;
  std::size_t sent = std::string::npos;
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
      std::string reply = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n";
      if (found != answers_.end())
        reply =
            "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(found->second.content.size()) +
            "\r\n";
      reply += "Connection: close\r\n\r\n";
      if (found != answers_.end()) reply += found->second.content.substr(0, found->second.sent);
      for (std::size_t at = 0; at < reply.size();) {
        const auto n = ::send(client, reply.data() + at, reply.size() - at, MSG_NOSIGNAL);
        if (n <= 0) break;
        at += static_cast<std::size_t>(n);
      }
    }
  }

  std::map<std::string, answer> answers_;
  int socket_ = -1;
  int port_ = 0;
  std::thread thread_;
};
