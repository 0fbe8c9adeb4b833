// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/preprocess.hpp>

#include <algorithm>
#include <cstdio>

namespace lamina::io {

namespace {

const char* name_of(preprocess_kind kind) {
  switch (kind) {
    case preprocess_kind::grey:
      return "grey";
    case preprocess_kind::crop_to_square:
      return "crop_to_square";
    case preprocess_kind::resize_to:
      return "resize_to";
    case preprocess_kind::centre_ink:
      return "centre_ink";
    case preprocess_kind::scale_to:
      return "scale_to";
    case preprocess_kind::standardise:
      return "standardise";
  }
  return "";
}

bool has_amounts(preprocess_kind kind) { return kind > preprocess_kind::crop_to_square; }

}  // namespace

picture middle_square(const picture& source) {
  const int side = std::min(source.width, source.height);
  const int left = (source.width - side) / 2, top = (source.height - side) / 2;
  picture result{side, side, {}};
  result.pixels.reserve(static_cast<std::size_t>(side) * static_cast<std::size_t>(side));
  for (int y = top; y < top + side; ++y) {
    const auto row = source.pixels.begin() + static_cast<std::ptrdiff_t>(y) * source.width + left;
    result.pixels.insert(result.pixels.end(), row, row + side);
  }
  return result;
}

picture preprocess(const picture& source, const preprocess_plan& plan) {
  picture result = source;  // decoders make everything grey
  for (const auto& [kind, first, second] : plan) {
    if (kind == preprocess_kind::crop_to_square) {
      result = middle_square(result);
    } else if (kind == preprocess_kind::resize_to) {
      result = resize(result, static_cast<int>(second), static_cast<int>(first));
    } else if (kind == preprocess_kind::centre_ink) {
      result = ink_in_the_middle(result, static_cast<int>(first), static_cast<int>(second));
    }
  }
  return result;
}

std::string to_text(const preprocess_plan& plan) {
  std::string text;
  for (const auto& [kind, first, second] : plan) {
    text += (text.empty() ? "" : ", ") + std::string(name_of(kind));
    char amounts[64];
    std::snprintf(amounts, sizeof(amounts), "<%.17g, %.17g>", first, second);
    if (has_amounts(kind)) text += amounts;
  }
  return text;
}

}  // namespace lamina::io
