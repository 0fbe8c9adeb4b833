// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/data/examples.hpp>

#include <string>

/// Sign Language MNIST: hands that show letters of the American Sign Language, 28 x 28, 27,455 to
/// train and 7,172 to test. Part of the compiled library lamina::io.
namespace lamina::asl {

/// Reads `asl/sign_mnist_{train,test}.csv`, plain or `.gz`, in the data folder (see
/// io::data_folder). Throws lamina::error, one line.
labelled_data load(const std::string& data_folder = {});

}  // namespace lamina::asl
