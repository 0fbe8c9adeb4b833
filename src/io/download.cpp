// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/download.hpp>

#include <lamina/error.hpp>

#include <curl/curl.h>

#include <memory>

namespace lamina::io {

namespace {

struct transfer {
  std::string bytes;
  std::size_t limit;
  const std::function<void(long long, long long)>& progress;
};

/// libcurl calls with the caller's pointer; another result than `count` ends the transfer.
std::size_t receive(char* data, std::size_t, std::size_t count, void* target) {
  auto& transfer = *static_cast<struct transfer*>(target);
  if (count > transfer.limit - transfer.bytes.size()) return 0;
  transfer.bytes.append(data, count);
  return count;
}

int tell(void* target, curl_off_t all, curl_off_t now, curl_off_t, curl_off_t) {
  const auto& transfer = *static_cast<struct transfer*>(target);
  if (transfer.progress) transfer.progress(now, all);
  return 0;
}

void start_curl_once() {
  static const CURLcode status = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (status != CURLE_OK) throw error(std::string("libcurl: ") + curl_easy_strerror(status));
}

}  // namespace

std::string download(const std::string& address,
                     const std::function<void(long long, long long)>& progress, std::size_t limit) {
  start_curl_once();
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), &curl_easy_cleanup);
  if (!curl) throw error("libcurl: out of memory");
  transfer transfer{{}, limit, progress};
  char message[CURL_ERROR_SIZE] = "";
  const auto set = [&](CURLoption option, auto value) {
    curl_easy_setopt(curl.get(), option, value);
  };
  set(CURLOPT_URL, address.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, 10L);
  set(CURLOPT_FAILONERROR, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT, 20L);
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);  // bytes a second, for as many seconds as in the next line
  set(CURLOPT_LOW_SPEED_TIME, 60L);
  set(CURLOPT_ERRORBUFFER, static_cast<char*>(message));
  set(CURLOPT_WRITEFUNCTION, &receive);
  set(CURLOPT_WRITEDATA, &transfer);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &tell);
  set(CURLOPT_XFERINFODATA, &transfer);
  const CURLcode status = curl_easy_perform(curl.get());
  const auto failure = address + ": cannot be downloaded: " +
                       (*message != '\0' ? message : curl_easy_strerror(status));
  if (status == CURLE_HTTP_RETURNED_ERROR) throw not_served(failure);
  if (status != CURLE_OK) throw error(failure);
  return std::move(transfer.bytes);
}

}  // namespace lamina::io
